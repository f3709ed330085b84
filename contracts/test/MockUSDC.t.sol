// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {Test} from "forge-std/Test.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";

contract MockUSDCTest is Test {
    uint256 private constant KEY = 0xA11CE;
    bytes32 private constant NONCE = keccak256("once");
    address private immutable PAYER = vm.addr(KEY);
    address private immutable PAYEE = makeAddr("payee");

    MockUSDC private usdc;

    function setUp() public {
        vm.warp(1_800_000_000);
        usdc = new MockUSDC();
        usdc.mint(PAYER, 10e6);
    }

    function signed(bytes32 typeHash, uint256 validAfter, uint256 validBefore)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 structHash = keccak256(abi.encode(typeHash, PAYER, PAYEE, 1e6, validAfter, validBefore, NONCE));
        return vm.sign(KEY, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_domain_IsThatOfTheRealOneOnBaseSepolia() public {
        vm.chainId(84532);
        address canonical = 0x036CbD53842c5426634e7929541eC2318f3dCF7e;
        vm.etch(canonical, address(new MockUSDC()).code);
        assertEq(
            MockUSDC(canonical).DOMAIN_SEPARATOR(), 0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818
        );
        assertEq(MockUSDC(canonical).name(), "USDC");
        assertEq(MockUSDC(canonical).symbol(), "USDC");
        assertEq(MockUSDC(canonical).version(), "2");
        assertEq(MockUSDC(canonical).decimals(), 6);
    }

    function test_transferWithAuthorization_PaysOnce() public {
        (uint8 v, bytes32 r, bytes32 s) = signed(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), 0, type(uint256).max);
        usdc.transferWithAuthorization(PAYER, PAYEE, 1e6, 0, type(uint256).max, NONCE, v, r, s);
        assertEq(usdc.balanceOf(PAYEE), 1e6);
        assertTrue(usdc.authorizationState(PAYER, NONCE));
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        usdc.transferWithAuthorization(PAYER, PAYEE, 1e6, 0, type(uint256).max, NONCE, abi.encodePacked(r, s, v));
    }

    function test_RevertWhen_AnAuthorizationIsForged() public {
        (uint8 v, bytes32 r, bytes32 s) = signed(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), 0, type(uint256).max);
        vm.expectRevert("FiatTokenV2: invalid signature");
        usdc.transferWithAuthorization(PAYER, PAYEE, 2e6, 0, type(uint256).max, NONCE, v, r, s);
    }

    function test_RevertWhen_AnAuthorizationIsEarlyOrLate() public {
        uint256 time = block.timestamp;
        bytes32 typeHash = usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH();
        (uint8 v, bytes32 r, bytes32 s) = signed(typeHash, time, time + 10);
        vm.expectRevert("FiatTokenV2: authorization is not yet valid");
        usdc.transferWithAuthorization(PAYER, PAYEE, 1e6, time, time + 10, NONCE, v, r, s);
        skip(10);
        vm.expectRevert("FiatTokenV2: authorization is expired");
        usdc.transferWithAuthorization(PAYER, PAYEE, 1e6, time, time + 10, NONCE, v, r, s);
    }

    function test_receiveWithAuthorization_IsForThePayeeAlone() public {
        (uint8 v, bytes32 r, bytes32 s) = signed(usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(), 0, type(uint256).max);
        bytes memory signature = abi.encodePacked(r, s, v);
        vm.expectRevert("FiatTokenV2: caller must be the payee");
        usdc.receiveWithAuthorization(PAYER, PAYEE, 1e6, 0, type(uint256).max, NONCE, signature);
        vm.prank(PAYEE);
        usdc.receiveWithAuthorization(PAYER, PAYEE, 1e6, 0, type(uint256).max, NONCE, signature);
        assertEq(usdc.balanceOf(PAYEE), 1e6);
    }

    function test_cancelAuthorization_UsesItUp() public {
        bytes32 structHash = keccak256(abi.encode(usdc.CANCEL_AUTHORIZATION_TYPEHASH(), PAYER, NONCE));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(KEY, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), structHash)));
        usdc.cancelAuthorization(PAYER, NONCE, abi.encodePacked(r, s, v));
        (v, r, s) = signed(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), 0, type(uint256).max);
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        usdc.transferWithAuthorization(PAYER, PAYEE, 1e6, 0, type(uint256).max, NONCE, v, r, s);
    }

    function test_RevertWhen_SomebodyIsOnTheBlocklist() public {
        usdc.setBlacklisted(PAYEE, true);
        vm.expectRevert("Blacklistable: account is blacklisted");
        vm.prank(PAYER);
        usdc.transfer(PAYEE, 1);
        usdc.setBlacklisted(PAYEE, false);
        vm.prank(PAYER);
        usdc.transfer(PAYEE, 1);
        assertEq(usdc.balanceOf(PAYEE), 1);
    }
}
