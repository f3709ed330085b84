// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AgentToken} from "../src/AgentToken.sol";
import {Settlement} from "../src/Settlement.sol";
import {FalseToken, PlainToken} from "./OddTokens.sol";
import {SettlementBase} from "./SettlementBase.sol";

/// What the transactions cost that the platform sends, as contracts/snapshots says: each call is one transaction, with its
/// 21,000 and its data. The token is a plain one: USDC's proxy comes on top. Written by `npm run contracts:measure`.
/// forge-config: default.isolate = true
contract GasTest is SettlementBase {
    AgentToken private token;
    PlainToken private plain;

    function setUp() public override {
        super.setUp();
        plain = new PlainToken();
        settlement = deployFor(IERC20(address(plain)));
        plain.mint(address(settlement), FLOAT);
        token =
            new AgentToken("https://agentlink.io/{id}.json", "https://agentlink.io/all.json", ADMIN, SETTLER, 1 days);
        // Neither the first of its kind, nor of its quarter.
        mint("018f3c5e-7a2b-7c1d-9e0f-000000000000");
        settle(one(0, ALICE, 1e6));
    }

    function mint(string memory agentId) private {
        vm.prank(SETTLER);
        token.mint(CAROL, agentId, 1_790_000_000, keccak256(bytes(agentId)));
    }

    function measureSettle(string memory name, Settlement.Payout[] memory payouts, bool isHolder) private {
        for (uint256 i; isHolder && i < payouts.length; ++i) {
            plain.mint(payouts[i].to, 1);
        }
        settle(payouts);
        vm.snapshotGasLastCall("Settlement", name);
    }

    /// From here on the token refuses this payee.
    function refuse(address payee) private {
        FalseToken token_ = new FalseToken();
        settlement = deployFor(IERC20(address(token_)));
        token_.mint(address(settlement), FLOAT);
        settle(one(0, ALICE, 1e6));
        token_.refuse(payee);
        plain = PlainToken(address(token_));
    }

    function test_mint() public {
        mint("018f3c5e-7a2b-7c1d-9e0f-1a2b3c4d5e6f");
        vm.snapshotGasLastCall("AgentToken", "mint");
    }

    function test_setMetadataHash() public {
        uint256 id = token.idOf("018f3c5e-7a2b-7c1d-9e0f-000000000000");
        vm.prank(SETTLER);
        token.setMetadataHash(id, keccak256("newer"));
        vm.snapshotGasLastCall("AgentToken", "setMetadataHash");
    }

    function test_setRetired() public {
        uint256 id = token.idOf("018f3c5e-7a2b-7c1d-9e0f-000000000000");
        vm.prank(SETTLER);
        token.setRetired(id, true);
        vm.snapshotGasLastCall("AgentToken", "setRetired");
    }

    function test_settle_One() public {
        measureSettle("settle 1", many(1, 1, 1e6), true);
    }

    function test_settle_Three() public {
        measureSettle("settle 3", many(1, 3, 1e6), true);
    }

    function test_settle_ThreeFirstTime() public {
        measureSettle("settle 3 for the first time", many(1, 3, 1e6), false);
    }

    function test_settle_ThreeOneRefused() public {
        refuse(address(0x10002));
        measureSettle("settle 3, one refused", many(1, 3, 1e6), true);
    }

    function test_settle_ThreeInANewQuarter() public {
        skip(6 hours);
        measureSettle("settle 3 in a new quarter of a day", many(1, 3, 1e6), true);
    }

    function test_settle_Fifty() public {
        measureSettle("settle 50", many(1, 50, 1e6), true);
    }

    function test_settle_Hundred() public {
        measureSettle("settle 100", many(1, 100, 1e6), true);
    }

    function test_settle_HundredFirstTime() public {
        measureSettle("settle 100 for the first time", many(1, 100, 1e6), false);
    }

    function test_withdraw() public {
        refuse(BOB);
        settle(one(1, BOB, 1e6));
        vm.prank(BOB);
        settlement.withdraw(CAROL);
        vm.snapshotGasLastCall("Settlement", "withdraw");
    }
}
