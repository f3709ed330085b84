// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {Test} from "forge-std/Test.sol";
import {AgentToken} from "../src/AgentToken.sol";

/// All that minters, creators and strangers may try, in any order. What must revert is caught here, and counted if it did not.
contract AgentTokenHandler is Test {
    AgentToken public immutable TOKEN;
    address private immutable MINTER;
    uint256 public constant AGENTS = 4;
    uint256 public constant CREATORS = 3;

    mapping(uint256 agent => address) public creatorOf;
    mapping(uint256 agent => bytes32) public hashOf;
    mapping(uint256 agent => bool) public isRetired;
    uint256 public broken;

    constructor(AgentToken token, address minter) {
        TOKEN = token;
        MINTER = minter;
    }

    function creator(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + seed % CREATORS));
    }

    function agentId(uint256 seed) public pure returns (string memory) {
        return string(abi.encodePacked("agent-", bytes1(uint8(0x61 + seed % AGENTS))));
    }

    function mint(uint256 agent, uint256 who, bytes32 hash) external {
        agent %= AGENTS;
        if (hash == 0) hash = keccak256("");
        vm.prank(MINTER);
        try TOKEN.mint(creator(who), agentId(agent), 1, hash) {
            if (creatorOf[agent] != address(0)) ++broken;
            creatorOf[agent] = creator(who);
            hashOf[agent] = hash;
        } catch {
            if (creatorOf[agent] == address(0)) ++broken;
        }
    }

    function update(uint256 agent, bytes32 hash, bool retired) external {
        agent %= AGENTS;
        if (creatorOf[agent] == address(0)) return;
        if (hash == 0) hash = keccak256("");
        uint256 id = TOKEN.idOf(agentId(agent));
        vm.startPrank(MINTER);
        TOKEN.setMetadataHash(id, hash);
        TOKEN.setRetired(id, retired);
        vm.stopPrank();
        hashOf[agent] = hash;
        isRetired[agent] = retired;
    }

    function transfer(uint256 agent, uint256 caller, uint256 from, uint256 to, uint256 value) external {
        uint256 id = TOKEN.idOf(agentId(agent));
        vm.prank(creator(caller));
        try TOKEN.safeTransferFrom(creator(from), creator(to), id, value % 3, "") {
            ++broken;
        } catch {}
    }

    function approve(uint256 caller, uint256 operator) external {
        vm.prank(creator(caller));
        try TOKEN.setApprovalForAll(creator(operator), true) {
            ++broken;
        } catch {}
    }

    function mintAsAStranger(uint256 agent, uint256 who) external {
        vm.prank(creator(who));
        try TOKEN.mint(creator(who), agentId(agent), 1, keccak256("")) {
            ++broken;
        } catch {}
    }
}

contract AgentTokenInvariantsTest is Test {
    AgentToken private token;
    AgentTokenHandler private handler;

    function setUp() public {
        address minter = makeAddr("minter");
        token = new AgentToken("", "", makeAddr("admin"), minter, 0);
        handler = new AgentTokenHandler(token, minter);
        targetContract(address(handler));
    }

    /// (vi) of every agent there is no token or one, and its holder is its creator.
    function invariant_AnAgentHasAtMostOneTokenAndItsCreatorHoldsIt() public view {
        for (uint256 agent; agent < handler.AGENTS(); ++agent) {
            uint256 id = token.idOf(handler.agentId(agent));
            address creator = handler.creatorOf(agent);
            uint256 sum;
            for (uint256 i; i < handler.CREATORS(); ++i) {
                sum += token.balanceOf(handler.creator(i), id);
            }
            assertEq(sum, creator == address(0) ? 0 : 1);
            assertEq(token.totalSupply(id), sum);
            if (creator == address(0)) continue;
            assertEq(token.balanceOf(creator, id), 1);
            assertEq(token.agentOf(id).creator, creator);
            assertEq(token.agentOf(id).metadataHash, handler.hashOf(agent));
            assertEq(token.agentOf(id).isRetired, handler.isRetired(agent));
        }
        assertEq(handler.broken(), 0);
    }
}
